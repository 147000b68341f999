//! The packaged JavaScript and Python clients, with the real daemon.

use serde_json::json;

use crate::{
    clients::{python, run_node, succeeded},
    support::{Project, repository},
};

fn python_script(name: &str, args: &[&str]) -> String {
    let script = repository().join("tests/clients").join(name);
    let args = [&[script.to_str().unwrap()], args].concat();
    succeeded(&python(&Project::started(json!({})), &args))
}

#[test]
fn python_works_under_uvloop() {
    assert!(python_script("loops.py", &["uvloop"]).contains("as under asyncio"));
}

#[test]
fn python_works_under_asyncio() {
    assert!(python_script("loops.py", &["asyncio"]).contains("as under asyncio"));
}

#[test]
fn python_may_call_in_a_signal_handler_whatever_that_interrupts() {
    for what in ["calls", "raises", "both"] {
        let printed = python_script("signals.py", &[what]);
        assert!(printed.contains("nothing hung and no line was torn"), "{what}: {printed}");
    }
}

#[test]
fn one_signal_serves_many_calls_in_javascript() {
    let script = r"
        import { DaemonClient } from 'aiwg';
        process.on('warning', (warning) => { console.error(warning); process.exitCode = 1; });
        const client = new DaemonClient();
        const { signal } = new AbortController();
        for (let round = 0; round < 3; round++) {
            await Promise.all(Array.from({ length: 50 }, () => client.ping({}, { signal })));
            const events = Array.from({ length: 20 }, () => client.subscribe('a:*', { signal, reconnect: true }));
            await Promise.all(events.map((one) => one.ready));
            for (const one of events) await one.return();
        }
        await client.disconnect();
        await new Promise((resolve) => setTimeout(resolve, 0));";
    succeeded(&run_node(&Project::started(json!({})), script, &[]));
}

#[test]
fn javascript_works_where_its_working_directory_is_gone() {
    let project = Project::started(json!({}));
    let script = r"
        import { mkdirSync, rmdirSync } from 'node:fs';
        import { DaemonClient } from 'aiwg';
        const socket = `${process.cwd()}/.aiwg/daemon/daemon.sock`;
        const project = process.cwd();
        mkdirSync('gone');
        process.chdir('gone');
        rmdirSync(`${project}/gone`);
        for (const options of [socket, { socketPath: socket }, { cwd: project }]) {
            const client = new DaemonClient(options);
            await client.ping();
            await client.disconnect();
        }
        const lost = await new DaemonClient().ping().catch((error) => error);
        if (lost.kind !== 'no_daemon') throw lost;";
    succeeded(&run_node(&project, script, &[]));
}

#[test]
fn javascript_works_in_a_worker() {
    let script = r"
        import { Worker, isMainThread } from 'node:worker_threads';
        import { DaemonClient } from 'aiwg';
        if (isMainThread) {
            const workers = Array.from({ length: 3 }, () => new Worker(new URL(import.meta.url)));
            const codes = await Promise.all(workers.map((one) => new Promise((done) => one.on('exit', done))));
            if (codes.some((code) => code !== 0)) throw new Error(codes.join());
        } else {
            await new DaemonClient().ping();
        }";
    succeeded(&run_node(&Project::started(json!({})), script, &[]));
}
