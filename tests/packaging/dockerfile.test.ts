import assert from 'node:assert/strict';
import { DockerfileParser } from 'dockerfile-ast';
import { DENO_VERSION, exists, missingFiles, textOf, unknownTasks } from './repository.ts';

interface Instruction {
  readonly keyword: string;
  readonly text: string;
}

/** The instructions of each stage, the first of which is FROM. */
function stagesOf(dockerfile: string): Instruction[][] {
  const stages: Instruction[][] = [];
  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    const text = (instruction.getArgumentsContent() ?? '').replace(/\\\n/g, ' ').replace(/\s+/g, ' ').trim();
    const keyword = instruction.getKeyword();
    if (keyword === 'FROM') stages.push([]);
    stages.at(-1)?.push({ keyword, text });
  }
  return stages;
}

/** Without the digest that the update bot writes behind the version. */
function baseOf(stage: readonly Instruction[]): string {
  const [base = ''] = (stage[0]?.text ?? '').replace(/^--platform=\S+ /, '').split(' ');
  return base.replace(/@sha256:[0-9a-f]{64}$/, '');
}

/** What hadolint and experience say about a Dockerfile, as sentences; the names are hadolint's. */
function problemsOf(dockerfile: string): string[] {
  const stages = stagesOf(dockerfile);
  const all = stages.flat();
  const last = stages.at(-1) ?? [];
  const lastOf = (keyword: string) => last.findLast((instruction) => instruction.keyword === keyword)?.text ?? '';
  const problems: (readonly [boolean, string])[] = [
    ...stages.map(baseOf).flatMap((base): [boolean, string][] => [
      [/:[\w.-]+$/.test(base), `DL3006: ${base} has no tag`],
      [!/:latest$/.test(base), `DL3007: ${base}`],
    ]),
    ...all.filter(({ keyword }) => keyword === 'RUN').flatMap(({ text }): [boolean, string][] => [
      [!/apt-get install/.test(text) || /apt-get update/.test(text), 'DL3009: lists of another layer'],
      [!/apt-get install/.test(text) || /rm -rf \/var\/lib\/apt\/lists/.test(text), 'DL3009: apt lists stay'],
      [!/apt-get install/.test(text) || /--no-install-recommends/.test(text), 'DL3015: recommended packages'],
      [!/apt-get install/.test(text) || /(-y|--yes)\b/.test(text), 'DL3014: apt-get asks'],
      [!/\b(sudo|ssh|wget|curl|apt) /.test(text), `DL3004, DL3001, DL3027: ${text}`],
    ]),
    [all.every(({ keyword }) => keyword !== 'ADD'), 'DL3020: COPY instead of ADD'],
    [all.every(({ keyword }) => keyword !== 'MAINTAINER'), 'DL4000: MAINTAINER'],
    ...all.filter(({ keyword }) => keyword === 'WORKDIR').map(({ text }): [boolean, string] => [
      text.startsWith('/'),
      `DL3000: WORKDIR ${text}`,
    ]),
    [
      all.every(({ keyword, text }) => !/^(ARG|ENV)$/.test(keyword) || !/PASSWORD|SECRET|TOKEN|KEY/i.test(text)),
      'a secret in a layer',
    ],
    [/^[1-9]\d*(:[1-9]\d*)?$/.test(lastOf('USER')), `DL3002: USER ${lastOf('USER')}`],
    [/^CMD \[/.test(lastOf('HEALTHCHECK')), 'no HEALTHCHECK'],
    [lastOf('ENTRYPOINT').startsWith('["/usr/bin/tini", "--"'), 'no init'],
    [lastOf('CMD').startsWith('['), 'DL3025: CMD is not JSON'],
  ];
  return problems.filter(([isRight]) => !isRight).map(([, sentence]) => sentence);
}

Deno.test('Dockerfile: pinned bases, an unprivileged user, a health check, an init, nothing left behind', () => {
  assert.deepEqual(problemsOf(textOf('Dockerfile')), []);
});

const DAMAGES: readonly (readonly [found: RegExp, from: RegExp, to: string])[] = [
  [/DL3006/, /debian:13-slim/, 'debian'],
  [/DL3007/, /denoland\/deno:bin-[\d.]+/, 'denoland/deno:latest'],
  [/DL3002/, /^USER .*$/m, 'USER root'],
  [/DL3002/, /^USER .*$/m, ''],
  [/HEALTHCHECK/, /^HEALTHCHECK .*$/m, ''],
  [/apt lists stay/, / && rm -rf \/var\/lib\/apt\/lists\/\*/, ''],
  [/DL3015/, / --no-install-recommends/, ''],
  [/no init/, /"\/usr\/bin\/tini", "--", /, ''],
  [/DL3020/, /^COPY LICENSE/m, 'ADD LICENSE'],
  [/secret/, /ARG COMMIT=""/, 'ARG DB_PASSWORD'],
];

for (const [found, from, to] of DAMAGES) {
  Deno.test(`the rules notice ${from} -> ${JSON.stringify(to)}`, () => {
    for (const text of [textOf('Dockerfile'), withDigests()]) {
      assert.match(text, from);
      assert.match(problemsOf(text.replace(from, to)).join('\n'), found);
    }
  });
}

/** As it is when the update bot has pinned the bases. */
function withDigests(): string {
  const bare = textOf('Dockerfile').replaceAll(/@sha256:[0-9a-f]{64}/g, '');
  return bare.replaceAll(/^(FROM (?:--\S+ )?\S+)/gm, `$1@sha256:${'0123456789abcdef'.repeat(4)}`);
}

Deno.test('bases that are pinned by digest are as good as without', () => {
  assert.notEqual(withDigests(), textOf('Dockerfile').replaceAll(/@sha256:[0-9a-f]{64}/g, ''));
  assert.deepEqual(problemsOf(withDigests()), []);
});

Deno.test('Dockerfile: what it copies and runs is there, and its Deno is that of the tests', () => {
  const text = textOf('Dockerfile');
  assert.deepEqual([...missingFiles(text), ...unknownTasks(text)], []);
  const versions = [...text.matchAll(/denoland\/deno:[a-z]+-([\d.]+)/g)].map(([, version]) => version);
  assert.deepEqual(versions, [DENO_VERSION, DENO_VERSION]);
  const stages = stagesOf(text).map(([from]) => / AS (\w+)$/.exec(from?.text ?? '')?.[1]);
  for (const [, stage] of text.matchAll(/COPY --from=(\w+)/g)) assert.ok(stages.includes(stage), stage ?? '');
});

Deno.test('.dockerignore: everything is out but what is named, and that is there', () => {
  const lines = textOf('.dockerignore').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(lines[0], '*');
  for (const line of lines.slice(1)) assert.ok(line.startsWith('!') && exists(line.slice(1)), line);
  for (const secret of ['.env', 'config.yaml', 'secrets', '.git']) assert.ok(!lines.includes(`!${secret}`), secret);
});
