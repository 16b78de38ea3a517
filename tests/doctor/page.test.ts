import assert from 'node:assert/strict';
import { doctorPage, wrapText } from '../../src/cli/doctor_page.ts';
import type { Finding } from '../../src/doctor/finding.ts';

const FINDINGS: readonly Finding[] = [
  { group: 'program', check: 'program.version', status: 'ok', message: 'immich-sidecar 1.2.3.' },
  { group: 'api', check: 'api.key', status: 'skipped', message: 'No IMMICH_API_KEY; sharing does not need one.' },
  {
    group: 'api',
    check: 'api.config_file',
    status: 'skipped',
    message: 'No IMMICH_API_KEY; sharing does not need one.',
  },
  {
    group: 'jobs',
    check: 'jobs.scans',
    status: 'warn',
    message:
      '"a": no part of "/external_library/bob_shared/alice/" begins with a dot, so a scan may import what lies there.',
    remedy: 'Choose a hidden directory for target_path_prefix (docs/placements.md).',
  },
  { group: 'files', check: 'files.space', status: 'fail', message: 'No \u001b[31mroom\u202e.', remedy: 'Make room.' },
];

Deno.test('the page: groups, what is skipped in one line, problems last with the worst first, and counts', () => {
  assert.equal(
    doctorPage(FINDINGS, { width: 80, isColoured: false }),
    `This program
  ok    immich-sidecar 1.2.3.

Immich's API
  -     Not looked at: key, config file. No IMMICH_API_KEY; sharing does not
        need one.

To be repaired
  FAIL  No \\u001b[31mroom\\u202e. (files.space)
        -> Make room.
  warn  "a": no part of "/external_library/bob_shared/alice/" begins with a dot,
        so a scan may import what lies there. (jobs.scans)
        -> Choose a hidden directory for target_path_prefix
           (docs/placements.md).

1 ok, 1 warning, 1 failure, 2 not looked at
`,
  );
});

Deno.test('SQL of a remedy stands on lines of its own, to be copied', () => {
  const finding: Finding = {
    group: 'database',
    check: 'database.rights',
    status: 'fail',
    message: 'A right is missing.',
    remedy: 'Run this:',
    sql: ['GRANT SELECT ON public.asset, public.stack TO sidecar', 'GRANT INSERT ON public.stack TO sidecar'],
  };
  assert.equal(
    doctorPage([finding], { width: 60, isColoured: false }),
    `To be repaired
  FAIL  A right is missing. (database.rights)
        -> Run this:
           GRANT SELECT ON public.asset, public.stack TO
           sidecar;
           GRANT INSERT ON public.stack TO sidecar;

0 ok, 1 failure
`,
  );
});

Deno.test('what several checks say in the same words is on the page once', () => {
  const slow = { status: 'warn', message: 'PostgreSQL took too long.', remedy: 'Try again.' } as const;
  const checks = ['jobs.scans', 'jobs.scans', 'jobs.selection'];
  const findings = checks.map((check): Finding => ({ ...slow, group: 'jobs', check }));
  assert.equal(
    doctorPage(findings, { width: 80, isColoured: false }),
    `To be repaired
  warn  PostgreSQL took too long. (jobs.scans, jobs.selection)
        -> Try again.

0 ok, 3 warnings
`,
  );
});

Deno.test('colours say nothing that the words do not', () => {
  const coloured = doctorPage(FINDINGS, { width: 80, isColoured: true });
  assert.ok(coloured.includes('\u001b[32mok    \u001b[0m'));
  const bare = coloured.replaceAll(new RegExp('\u001b\\[[\\d;]*m', 'g'), '');
  assert.equal(bare, doctorPage(FINDINGS, { width: 80, isColoured: false }));
});

Deno.test('no line is wider than the terminal, however narrow it is and however long a path', () => {
  const long = { ...FINDINGS[0], message: `"/${'deep/'.repeat(40)}photo.jpg" is not here.` } as Finding;
  for (const width of [40, 57, 80]) {
    const lines = doctorPage([...FINDINGS, long], { width, isColoured: false }).split('\n');
    assert.deepEqual(lines.filter((line) => line.length > width), []);
  }
  assert.deepEqual(wrapText('  one  two\nthree ', 7), ['one two', 'three']);
  assert.deepEqual(wrapText('abcdefgh ij', 3), ['abc', 'def', 'gh', 'ij']);
  assert.deepEqual(wrapText('', 3), []);
});
