// Typed clients' types, by other people's generators: of the AsyncAPI document and the OpenRPC document, which are in the directory of work.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { PYTHON_PYDANTIC_PRESET, PythonFileGenerator, TypeScriptFileGenerator } from '@asyncapi/modelina';

const [work] = process.argv.slice(2);
const events = JSON.parse(readFileSync(`${work}/asyncapi.json`, 'utf8'));
const typescript = new TypeScriptFileGenerator({ modelType: 'interface', enumType: 'union' });
await typescript.generateToFiles(events, `${work}/typescript/events`, { exportType: 'named' });
const python = new PythonFileGenerator({ presets: [PYTHON_PYDANTIC_PRESET] });
await python.generateToFiles(events, `${work}/python/events`, { packageName: 'events' });
const typings = ['-d', `${work}/openrpc.json`, '--output-ts', `${work}/typescript`, '--name-ts', 'api'];
execFileSync('node_modules/.bin/open-rpc-typings', typings, { stdio: ['ignore', 'ignore', 'inherit'] });
