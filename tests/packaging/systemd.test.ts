import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { canRun, missingFiles, REPOSITORY, textOf } from './repository.ts';

const UNIT = 'packaging/systemd/immich-sidecar.service';

/** What the unit says, a list for each name that may come more than once. */
function settingsOf(text: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const [, name = '', value = ''] of text.matchAll(/^(\w+)=(.*)$/gm)) {
    settings.set(name, [...settings.get(name) ?? [], value]);
  }
  return settings;
}

Deno.test('the unit: an unprivileged user, nothing writable but what is named, an end within the time that is promised', () => {
  const settings = settingsOf(textOf(UNIT));
  const expected: readonly (readonly [string, string])[] = [
    ['User', 'immich-sidecar'],
    ['ProtectSystem', 'strict'],
    ['NoNewPrivileges', 'yes'],
    ['CapabilityBoundingSet', ''],
    ['PrivateTmp', 'yes'],
  ];
  for (const [name, value] of expected) assert.deepEqual(settings.get(name), [value], name);
  assert.deepEqual(settings.get('RestartPreventExitStatus'), [String(EXIT.usage)]);
  assert.ok(Number(settings.get('TimeoutStopSec')?.[0]) > 10);
  assert.ok(!settings.has('MemoryDenyWriteExecute'), 'V8 writes the code that it runs');
  assert.deepEqual(missingFiles(textOf(UNIT)), []);
});

const HAS_SYSTEMD = await canRun('systemd-analyze', ['--version']);

Deno.test({
  name: 'systemd accepts the unit, and finds it well confined (skipped where it is not installed)',
  ignore: !HAS_SYSTEMD,
  fn: async () => {
    const directory = await Deno.makeTempDir({ prefix: 'immich-unit-' });
    try {
      // It looks whether the program is there.
      const path = `${directory}/immich-sidecar.service`;
      await Deno.writeTextFile(path, textOf(UNIT).replace('/usr/local/bin/immich-sidecar serve', '/bin/true serve'));
      const verify = await new Deno.Command('systemd-analyze', { args: ['verify', path] }).output();
      assert.equal(
        new TextDecoder().decode(verify.stderr).split('\n').filter((line) => line.includes('immich')).join(),
        '',
      );
      const security = await new Deno.Command('systemd-analyze', {
        args: ['security', '--offline=true', '--threshold=20', `${REPOSITORY}${UNIT}`],
      }).output();
      assert.equal(security.code, 0, new TextDecoder().decode(security.stdout));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
