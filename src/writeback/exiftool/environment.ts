/** Nothing is started on Windows without it. */
const ALWAYS: readonly string[] = Deno.build.os === 'windows' ? ['SystemRoot'] : [];

/**
 * The variables that an ExifTool is told of. Ours needs none: Deno looks for Perl by itself. Another one may be a script that looks for
 * its Perl, or whose modules lie elsewhere.
 *
 * @param path EXIFTOOL_PATH
 */
export function variablesFor(path: string | undefined): readonly string[] {
  return path === undefined ? ALWAYS : [...ALWAYS, 'PATH', 'PERL5LIB'];
}

/**
 * The whole environment of a Perl that is started: this program's own holds passwords and keys, which are none of its business.
 *
 * @param names the variables that it is told of
 */
export function environmentOfPerl(names: readonly string[] = ALWAYS): Record<string, string> {
  const values = names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  // Perl complains about locales that are not installed.
  return { ...Object.fromEntries(values), LC_ALL: 'C' };
}
