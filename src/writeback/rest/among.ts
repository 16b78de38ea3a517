/** Whether all of these are among the others, as often. */
export function areAmong(some: readonly string[], all: readonly string[]): boolean {
  const rest = [...all];
  return some.every((one) => {
    const at = rest.indexOf(one);
    if (at < 0) return false;
    rest.splice(at, 1);
    return true;
  });
}
