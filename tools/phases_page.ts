import { ALL_PHASES } from '../src/share/phases/list.ts';
import type { Phase } from '../src/share/phases/phase.ts';

/** docs/phases.md: every phase of a cycle, in its order, and what it counts. */
export function renderPhasesPage(): string {
  const rows = ALL_PHASES.map((phase) =>
    `| \`${phase.name}\` | ${phase.what} | ${UNITS[phase.per]}${phase.isFullOnly ? ', full cycles only' : ''} | ${
      countsOf(phase)
    } |`
  );
  return `${INTRODUCTION}\n${rows.join('\n')}\n`;
}

const UNITS: Readonly<Record<Phase['per'], string>> = {
  cycle: 'once',
  job: 'each job',
  pair: 'each pair of users',
  target: 'each receiving user',
};

function countsOf({ counts }: Phase): string {
  return Object.entries(counts).map(([name, what]) => `\`${name}\` (${what})`).join(', ');
}

const INTRODUCTION = `<!-- Written by tools/phases_page.ts from src/share/phases/list.ts. Edit the phases, then run
     UPDATE_REFERENCE=1 deno test -A tests/share/phases.test.ts -->

# What a cycle does

A cycle goes through these phases in this order, each for all jobs or users before the next begins. A dry run goes through the same list and prints what each would do; when it says
nothing, a full cycle changes no row and no file. The numbers are those of \`sync --json\` and of \`immich_sidecar_changes_total{kind}\`: what is counted once stands at the top of the
report, the rest with the job, that of a user or of a pair of users with the first of its jobs.

| phase | what it does | for | what it counts |
| --- | --- | --- | --- |`;
