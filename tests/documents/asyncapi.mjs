// An AsyncAPI document against the official parser: it must be valid, without a warning.
import { readFileSync } from 'node:fs';

import { Parser } from '@asyncapi/parser';

// The parser's own advice for documents that are published, and not about this document.
const ADVICE = ['asyncapi-info-contact', 'asyncapi-info-license', 'asyncapi-id', 'asyncapi-tags'];

const { document, diagnostics } = await new Parser().parse(readFileSync(0, 'utf8'));
const found = diagnostics.filter(({ code, severity }) => severity <= 1 && !ADVICE.includes(code));
for (const { code, message, path } of found) console.error(`${code} at /${path.join('/')}: ${message}`);
if (!document || found.length > 0) process.exit(1);
console.log(`${document.version()}: ${document.channels().length} channels, ${document.operations().length} operations`);
