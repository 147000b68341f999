
import {DaemonClient} from '/work/wt/wire/bindings/js/src/index.js';
const S="/tmp/wire-refused/w/p/.aiwg/daemon/daemon.sock"; 
for (const big of [0,500000]) { const r={};
for(let i=0;i<100;i++){ const c=new DaemonClient({socketPath:S}); try{ await Promise.race([new Promise((_,j)=>setTimeout(()=>j({name:"TIMEOUT"}),5000)), (big? c.emit('a:b','x'.repeat(big)) : c.ping())]); r.ok=(r.ok||0)+1 }catch(e){ const k=e.name+':'+e.kind+':'+e.code; r[k]=(r[k]||0)+1 } c.disconnect?.(); }
console.log(r); }
