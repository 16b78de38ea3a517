import { PassThrough } from 'node:stream';
import { prepareSetup } from '../../src/setup/setup.ts';
import { TerminalPrompter } from '../../src/setup/terminal.ts';
import type { Ground } from './ground.ts';
import { Screen } from './screen.ts';

/** Somebody who types into streams. */
export function typing(ground: Ground) {
  const input = new PassThrough();
  const output = new PassThrough();
  const screen = new Screen((key) => void input.write(key));
  output.on('data', (chunk) => screen.show(String(chunk)));
  const prepared = prepareSetup({
    env: {},
    cwd: ground.cwd,
    home: '/nowhere',
    configFile: undefined,
    given: new Map([['--immich-url', ground.immich.url], ['--api-key-file', ground.apiKey]]),
    prompter: new TerminalPrompter({ input, output: Object.assign(output, { columns: 80, rows: 24 }) }),
    onSecret: () => {},
  });
  return { screen, prepared };
}
