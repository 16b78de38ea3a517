import exifToolScript from 'exiftool-vendored.pl';

/** Writes tags as another program would: with ExifTool's own command line. */
export async function setTags(
  path: string,
  tags: Record<string, unknown>,
  options: readonly string[] = [],
): Promise<void> {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(`${directory}/tags.json`, JSON.stringify([{ SourceFile: '*', ...tags }]));
  const { success, stderr } = await new Deno.Command('perl', {
    args: [exifToolScript, ...options, '-n', '-overwrite_original', `-json=${directory}/tags.json`, path],
  }).output();
  await Deno.remove(directory, { recursive: true });
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
