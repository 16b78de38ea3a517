import assert from 'node:assert/strict';
import { Redactor } from '../../src/cli/redact.ts';
import { loadConfig } from '../../src/config/load.ts';
import { withDirectory } from '../config/helper.ts';

Deno.test('a user without a password is a key, and no line shows it; a user with one is a name', () => {
  withDirectory({}, (cwd) => {
    const env = {
      NOTIFY_URLS: 'ntfy://tk_swordfish@example.com/topic ntfy://grandmother:swordfish-2@example.com/topic',
    };
    const redactor = new Redactor();
    redactor.addAll(loadConfig({ env, cwd, needJobs: false }));
    assert.equal(redactor.redact('tk_swordfish, swordfish-2 and grandmother'), '***, *** and grandmother');
  });
});
