import exifToolScript from 'exiftool-vendored.pl';

/**
 * A program that is ExifTool, but does something more to every file that it makes: whatever others find in it afterwards, nobody had
 * asked for it.
 *
 * @param more arguments of ExifTool
 */
export async function withCarelessExifTool<T>(
  more: readonly string[],
  use: (exifToolPath: string) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/exiftool`;
  const script = `#!/usr/bin/perl
use strict;
$SIG{PIPE} = 'IGNORE';
open(my $exiftool, '|-', 'perl', '${exifToolScript}', @ARGV) or die;
$exiftool->autoflush(1);
while (my $line = <STDIN>) {
    print $exiftool ${JSON.stringify(more.map((argument) => `${argument}\n`).join(''))} if $line eq "-o\\n";
    print $exiftool $line;
}
close $exiftool;
`;
  await Deno.writeTextFile(path, script, { mode: 0o755 });
  try {
    return await use(path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
