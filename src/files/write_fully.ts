/** Writes all of these bytes: one call may write a part of them only. */
export function writeFully(file: Pick<Deno.FsFile, 'writeSync'>, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}
