import { workingDirectory } from '../cli/program.ts';
import { RunningProgram, until } from '../crash/process.ts';
import { freePort } from '../harness/server.ts';
import { flagsOf } from '../sandbox/flags.ts';

export const TOKEN = 'of-this-test-only';

/** With comments, a secret, and nothing that a database is needed for. */
export const YAML = `# kept for grandma
db_password: geheim-77 # as in Immich
jobs:
  # the children
  - name: family
    source_user_id: aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa
    target_user_id: bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb
    target_library_id: 11111111-1111-4111-8111-111111111111
    target_path_prefix: /data/shared/bob/.alice/
    select:
      albums: Summer # the one at the sea
      people: [Emil, Anna]
      people_match: all
`;

/** One more, to be put behind it. */
export const SECOND = `  - name: back home
    source_user_id: bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb
    target_user_id: aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa
    target_library_id: 22222222-2222-4222-8222-222222222222
    target_path_prefix: /data/shared/alice/.bob/
    select: { favorites: true } # for now
`;

/** `serve` in a directory of its own, without a database: its settings are there all the same. */
export async function startSettings({ token = TOKEN }: { readonly token?: string } = {}) {
  const place = workingDirectory(YAML);
  Deno.writeTextFileSync(`${place.path}/.env`, '# how often\nSYNC_INTERVAL_SECONDS=60\n');
  const port = freePort();
  const program = RunningProgram.start(['serve'], {
    cwd: place.path,
    env: {
      HTTP_PORT: String(port),
      DB_PORT: '1',
      DB_HOSTNAME: '127.0.0.1',
      ...token === '' ? {} : { HTTP_TOKEN: token },
    },
    flags: flagsOf('serve'),
  });
  const url = `http://127.0.0.1:${port}/`;
  const headers = { authorization: `Bearer ${token}` };
  const isUp = () =>
    fetch(`${url}healthz`).then(async (answer) => (await answer.body?.cancel(), answer.ok), () => false);
  await until('HTTP is answered', isUp);
  return {
    cwd: place.path,
    url,
    program,
    until,
    read: (file: string) => Deno.readTextFileSync(`${place.path}/${file}`),
    // deno-lint-ignore no-explicit-any -- the test says what it expects of it
    send: async (name: 'preview' | 'save', fields: Record<string, string>): Promise<any> => {
      await until('HTTP is answered', isUp);
      const answer = await fetch(`${url}settings/${name}`, {
        method: 'POST',
        headers,
        body: new URLSearchParams(fields),
      });
      return await answer.json();
    },
    // deno-lint-ignore no-explicit-any -- see above
    status: async (): Promise<any> =>
      await fetch(`${url}api/status`, { headers }).then((answer) => answer.json(), () => ({})),
    end: async () => {
      program.signal('SIGTERM');
      return (await program.ended()).code;
    },
    [Symbol.asyncDispose]: async () => {
      program.signal('SIGKILL');
      await program.ended();
      place[Symbol.dispose]();
    },
  };
}
