import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { withNewJob } from '../../src/setup/edit/yaml_job.ts';
import { run, variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { World } from '../share/world.ts';

Deno.test('a share that was added like another one shares: in the same library, beside its files', async () => {
  await using world = await World.open('v3.1.0');
  const [job] = world.config.jobs;
  assert.ok(job);
  using cwd = workingDirectory([yamlJob(job)]);
  const path = `${cwd.path}/config.yaml`;
  const text = Deno.readTextFileSync(path);
  const fields = { 'select.paths': '/data/', until: '2099-01-01' };
  Deno.writeTextFileSync(path, withNewJob(text, { name: 'Her uploads', like: job.name, fields }));
  const { code, stdout, stderr } = await run(['sync', '--json'], { cwd: cwd.path, env: variablesOf(world) });
  assert.equal(code, EXIT.ok, stdout + stderr);
  const added = JSON.parse(stdout).jobs.find((one: { job: string }) => one.job === 'Her uploads');
  assert.ok(added.created > 0, JSON.stringify(added));
  const [row] = await world.sql<{ path: string }[]>`
    SELECT a."originalPath" AS path
    FROM asset a
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = a.id
    WHERE m.job_name = 'Her uploads'`;
  assert.match(row?.path ?? '', /\/\.her-uploads\//);
});
