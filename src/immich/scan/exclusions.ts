/**
 * Whether a scan by Immich takes an asset with this path offline because of an exclusion pattern. As Immich turns the
 * pattern into one for SQL's LIKE: each run of stars matches anything, slashes included; `?`, and `_` which it does not
 * escape, match one character; braces are dropped. So `**\/._*`, which every new library has, matches whatever lies in a
 * hidden directory. Source: globToSqlPattern and detectOfflineExternalAssets of Immich 3.1.0; see docs/immich.md.
 */
export function isExcluded(pattern: string, path: string): boolean {
  const like = pattern
    .replaceAll(/[{}()]/g, '')
    .split(/(\*+|[?_])/)
    .map((part) => part.startsWith('*') ? '[^]*' : part === '?' || part === '_' ? '[^]' : RegExp.escape(part))
    .join('');
  return new RegExp(`^${like}$`).test(path);
}
