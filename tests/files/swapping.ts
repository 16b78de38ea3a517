/** Keeps exchanging `directory` for a symbolic link to `to` and back, in a process of its own, as fast as it can. */
export async function swapping(directory: string, to: string): Promise<AsyncDisposable> {
  const script = `
    Deno.symlinkSync(${JSON.stringify(to)}, ${JSON.stringify(`${directory}.link`)});
    const [a, away, link] = ${JSON.stringify([directory, `${directory}.away`, `${directory}.link`])};
    console.log('ready');
    while (true) {
      Deno.renameSync(a, away); Deno.renameSync(link, a);
      Deno.renameSync(a, link); Deno.renameSync(away, a);
    }`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ['eval', '--no-config', script],
    stdin: 'null',
    stdout: 'piped',
    stderr: 'null',
  }).spawn();
  const reader = process.stdout.getReader();
  await reader.read();
  return {
    [Symbol.asyncDispose]: async () => {
      process.kill('SIGKILL');
      await process.status;
      await reader.cancel();
      // Wherever it was interrupted, the directory is put back.
      try {
        if (Deno.lstatSync(directory).isSymlink) Deno.removeSync(directory);
      } catch { /* it is away */ }
      try {
        Deno.renameSync(`${directory}.away`, directory);
      } catch { /* it is there */ }
    },
  };
}
