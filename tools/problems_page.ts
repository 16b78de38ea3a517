import { PROBLEMS } from '../src/problems/codes.ts';

/** docs/problems.md: every code, what it means, and what to do. */
export function renderProblemsPage(): string {
  const rows = Object.entries(PROBLEMS)
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([code, { what, remedy }]) => `| <a id="${code}"></a>\`${code}\` | ${what} | ${remedy} |`);
  return `${INTRODUCTION}\n${rows.join('\n')}\n`;
}

const INTRODUCTION = `<!-- Written by tools/problems_page.ts from src/problems/codes.ts. Edit those, then run
     UPDATE_REFERENCE=1 deno test -A tests/problems/page.test.ts -->

# Problems

What can go wrong while photos are shared, each with the code under which reports, \`--json\`, logs, \`/api/status\` and metrics name it. Codes stay; sentences may change. What
happens to one photo or job stops nothing else. What ends a command or a cycle has a code as well (with \`LOG_FORMAT=json\`, and in what the service tells), and its own message says more.

| code | what happened | what to do |
| --- | --- | --- |`;
