/**
 * Rows in an order of their own, `limit` at a time, until there are no more. `find` gets the last row and returns at most `limit` rows that
 * come behind it. What was found meanwhile may be done already.
 */
export async function* searchPages<Row>(
  find: (after?: Row) => Promise<Row[]>,
  limit: number,
): AsyncGenerator<Row[]> {
  let after: Row | undefined;
  while (true) {
    const rows = await find(after);
    if (rows.length > 0) yield rows;
    after = rows.at(-1);
    if (after === undefined || rows.length < limit) return;
  }
}
