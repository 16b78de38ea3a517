/** Bob may do anything in the directory of what is shared with him, also while cycles run. */
import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { UserError } from '../../src/errors.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { canRun } from '../packaging/repository.ts';
import { Attacker } from '../writeback/attacker.ts';
import { World } from './world.ts';

/** Whatever somebody can do to names below a directory, in any order, over and over. */
const CHAOS = String.raw`
  use Cwd ();
  my ($top, $secret, $seed) = @ARGV;
  srand $seed;
  # What lies behind a link is not theirs to change.
  sub mine { my ($d) = $_[0] =~ m{^(.*)/}s; my $r = Cwd::realpath($d); defined $r and $r eq $d }
  sub tree { my ($d, $n) = @_; return () if $n > 6 or -l $d or !opendir my $h, $d; my @n = grep { !/^\.\.?$/ } readdir $h; map { ("$d/$_", tree("$d/$_", $n + 1)) } @n }
  my ($away) = $secret =~ m{^(.*)/};
  while (!$stop) {
    my @all = tree($top, 0);
    for (1 .. 20) {
      last if $stop;
      my $path = $all[rand @all] or last;
      next unless mine($path);
      my $kind = int rand 12;
      if ($kind == 0) { rename $path, "$path\n\x{202e}" . int rand 100 }
      elsif ($kind == 1) { unlink $path }
      elsif ($kind == 2) { unlink $path; symlink $secret, $path }
      elsif ($kind == 3) { unlink $path; mkdir $path }
      elsif ($kind == 4) { unlink $path; POSIX::mkfifo($path, 0600) }
      elsif ($kind == 5) { unlink $path; link $secret, $path }
      elsif ($kind == 6) { unlink $path; if (open my $f, '>', $path) { print $f 'mine' } }
      elsif ($kind == 7 && -d $path && !-l $path) { rename $path, "$path.moved" and symlink $away, $path }
      elsif ($kind == 8) { my $other = $all[rand @all]; rename $path, $other if mine($other) }
      elsif ($kind == 9) { unlink "$top/.kept"; symlink $away, "$top/.kept" }
      elsif ($kind == 10) { mkdir "$top/.kept"; link $secret, "$top/.kept/.going-" . int rand 100 if mine("$top/.kept/x") }
      elsif ($kind == 11) { chmod 0, $path if -d $path && !-l $path }
      select undef, undef, undef, 0.0005;
    }
  }`;

const SEEDS = Deno.env.get('SEEDS')?.split(',').map(Number) ?? [1];

for (const seed of SEEDS) {
  Deno.test({
    name:
      `whatever a receiver does in their directory while cycles run: no photo of others is lost, changed or given away, what is locked is gone, and all is well when they have cleared up (seed ${seed})`,
    ignore: !await canRun('perl', ['-v']),
    fn: async () => {
      await using world = await World.open('v3.1.0');
      const { sql } = world;
      await world.share();
      const shared = `${world.directory}/external/bob_shared`;
      const secret = `${world.directory}/external/carol/secret.jpg`;
      Deno.mkdirSync(`${world.directory}/external/carol`, { recursive: true });
      Deno.writeTextFileSync(secret, 'of Carol', { mode: 0o600 });
      const others = () => contentsOf(`${world.directory}/external`, shared);
      const before = others();
      const photos = await world.someMirrored();
      {
        await using _ = await Attacker.start(CHAOS, [shared, secret, String(seed)]);
        for (let round = 0; round < 6; round++) {
          const id = photos[round % 3] ?? '';
          const isLocked = round < 3;
          await sql`UPDATE asset SET visibility = ${isLocked ? 'locked' : 'timeline'} WHERE id = ${id}`;
          await sql`UPDATE asset_exif SET description = ${`round ${round}`} WHERE "assetId" = ${id}`;
          const report = await world.share({ isFull: round % 2 === 0 }).catch((error) => {
            if (!(error instanceof UserError)) throw error; // none of the jobs can be worked on
          });
          const rows = await sql`
            SELECT FROM asset a
            JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = a.id
            JOIN asset source ON source.id = m.source_asset_id AND source.visibility = 'locked'`;
          assert.equal(rows.length, 0, `round ${round}: ${report === undefined ? '' : problemsOf(report).length}`);
          assert.deepEqual(others(), before, `round ${round}`);
        }
      }
      // Not of files: they are names of Alice's own.
      await new Deno.Command('find', { args: [shared, '-type', 'd', '-exec', 'chmod', 'u+rwx', '{}', '+'] }).output();
      for (const { name } of Deno.readDirSync(shared)) Deno.removeSync(`${shared}/${name}`, { recursive: true });
      await world.share();
      const report = await world.share();
      assert.deepEqual([problemsOf(report), report.brakes], [[], []]);
      assert.deepEqual(await world.verify(verifyMirrors), []);
      assert.deepEqual(others(), before);
      assert.equal(Deno.statSync(secret).nlink, 1);
    },
  });
}

/** What is in all files below a directory, but for one directory; links are not followed. */
function contentsOf(directory: string, except: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (path: string) => {
    if (path === except) return;
    const info = Deno.lstatSync(path);
    if (info.isDirectory) { for (const { name } of [...Deno.readDirSync(path)]) walk(`${path}/${name}`); }
    else {found[path] = info.isFile
        ? `${info.ino} ${info.mode} ${Deno.readTextFileSync(path).length} ${info.mtime?.getTime()}`
        : 'a link';}
  };
  walk(directory);
  return found;
}
