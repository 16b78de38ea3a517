import type { WriteReport } from '../writeback/run/report.ts';

export type StatsFormat = 'json' | 'csv';

/** The statistics of a run as the content of a file. Every outcome is in it, also those that nothing had. */
export function formatStats(report: WriteReport, format: StatsFormat): string {
  if (format === 'json') return `${JSON.stringify(report, undefined, 2)}\n`;
  const { outcomes, troubles: _, modules, sidecarInstead, ...facts } = report;
  const rows = [
    ['statistic', 'value'],
    ...Object.entries(facts),
    ['modules', modules.join(' ')],
    ...Object.entries(outcomes),
    ...sidecarInstead.map(({ reason, files }) => [`a sidecar instead: ${reason}`, files]),
  ];
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

/** As RFC 4180 has it. */
function csvCell(value: unknown): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
