import { Command } from 'commander';
export function demoCommand(_env: unknown, _onExit: (code: number) => void): Command {
  return new Command('demo');
}
