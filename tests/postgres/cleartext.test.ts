import assert from 'node:assert/strict';
import { Secret } from '../../src/config/secret.ts';
import { UserError } from '../../src/errors.ts';
import { connect, disconnect } from '../../src/postgres/connect.ts';

const PASSWORD = 'correct horse';

/** Messages about authentication. */
const [LET_IN, SAY_PASSWORD] = [0, 3].map((code) => [0x52, 0, 0, 0, 8, 0, 0, 0, code] as const);

/** A message that is longer than one read. */
const LONG_NOTICE = [0x4e, 0, 3, 0, 4, ...Array<number>(3 * 2 ** 16).fill(0)];

for (
  const [when, messages] of [
    ['at once', [SAY_PASSWORD]],
    ['when it has let the user in', [LET_IN, SAY_PASSWORD]],
    ['behind a long message', [LET_IN, LONG_NOTICE, SAY_PASSWORD]],
  ] as const
) {
  for (const step of [1, 7, Infinity]) {
    if (step < Infinity && when === 'behind a long message') continue;
    Deno.test(`whoever listens in the place of the server and asks for the password ${when}, ${step} bytes at a time, does not get it`, async () => {
      using listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
      const heard: number[] = [];
      const listening = (async () => {
        for await (const client of listener) {
          await client.read(new Uint8Array(1_024)); // who wants to be let in
          const bytes = Uint8Array.from(messages.flat());
          const size = Math.min(step, bytes.length);
          for (let at = 0; at < bytes.length; at += size) {
            await client.write(bytes.subarray(at, at + size)).catch(() => {});
          }
          for await (const chunk of client.readable) heard.push(...chunk);
        }
      })().catch(() => {});
      await assert.rejects(
        async () =>
          await disconnect(
            await connect({
              hostname: '127.0.0.1',
              port: listener.addr.port,
              name: 'immich',
              username: 'sidecar',
              password: new Secret(PASSWORD),
              maxConnections: 1,
            }),
          ),
        (error) => error instanceof UserError && /asks for the password without encryption/.test(error.message),
      );
      listener.close();
      await listening;
      assert.ok(!String.fromCharCode(...heard).includes(PASSWORD));
    });
  }
}
