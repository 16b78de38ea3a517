import { exifTool } from '../../harness/exiftool.ts';

/** Writes tags as another program would: with ExifTool's own command line. */
export async function setTags(
  path: string,
  tags: Record<string, unknown>,
  options: readonly string[] = [],
): Promise<void> {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(`${directory}/tags.json`, JSON.stringify([{ SourceFile: '*', ...tags }]));
  const args = [...options, '-n', '-overwrite_original', `-json=${directory}/tags.json`, path];
  const { success, messages } = await exifTool(args);
  await Deno.remove(directory, { recursive: true });
  if (!success) throw new Error(messages);
}
