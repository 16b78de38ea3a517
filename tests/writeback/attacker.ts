import { hash } from 'node:crypto';

/** Puts a symbolic link to `victim` in place of every temporary file of `directory`, and the file back, over and over. */
export const SWAPS_TEMPORARY_FILES = String.raw`
  my ($directory, $victim) = @ARGV;
  while (!$stop) {
    select undef, undef, undef, 0.0005;
    opendir my $names, $directory or next;
    my @temporary = grep { /^\.immich-sidecar-/ } readdir $names;
    closedir $names;
    for my $path (map { "$directory/$_" } @temporary) {
      for (1 .. 3000) {
        last if $stop or -l $path or !rename $path, "$directory/held";
        symlink $victim, $path;
        nap(0.0002);
        last if !-l $path;
        rename "$directory/held", $path;
        nap(0.0002);
      }
      unlink "$directory/held";
    }
  }`;

/** Puts a symbolic link to another directory in place of `directory`, and `directory` back, over and over. */
export const SWAPS_DIRECTORIES = String.raw`
  my ($directory, $elsewhere) = @ARGV;
  while (!$stop) {
    rename $directory, "$directory.away" or next;
    symlink $elsewhere, $directory;
    select undef, undef, undef, rand 0.004;
    unlink $directory;
    rename "$directory.away", $directory;
    select undef, undef, undef, rand 0.004;
  }`;

const PREAMBLE = String.raw`
  use strict; use Time::HiRes qw(time); use POSIX ();
  my $stop = 0; $SIG{TERM} = sub { $stop = 1 }; $| = 1;
  sub nap { my $until = time + rand shift; 1 while !$stop and time < $until }
  print "ready\n";`;

/** Another process that changes the disk under the program until it is disposed of. It cleans up behind itself. */
export class Attacker implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  static async start(script: string, args: readonly string[]): Promise<Attacker> {
    const child = new Deno.Command('perl', { args: ['-e', PREAMBLE + script, ...args], stdout: 'piped' }).spawn();
    const output = child.stdout.getReader();
    await output.read();
    await output.cancel();
    return new Attacker(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#child.status;
  }
}

/** Everything that can be seen of a file, or of all files below a directory. */
export function seen(path: string): string {
  const { mode, uid, gid, mtime, size, ino, nlink, isDirectory, isSymlink } = Deno.lstatSync(path);
  const facts = JSON.stringify({ path, mode, uid, gid, mtime, size, ino, nlink });
  if (isSymlink) return `${facts} -> ${Deno.readLinkSync(path)}`;
  if (!isDirectory) return `${facts} ${hash('sha256', Deno.readFileSync(path))}`;
  const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  return [facts, ...names.map((name) => seen(`${path}/${name}`))].join('\n');
}
