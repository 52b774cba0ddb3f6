/** Takes and shows a measurement: several rounds, their median, and how many times another one it is. */
/** One line of the table: a value, and what it is measured against in the same run. */
export type Row = {
  readonly what: string
  readonly unit: string
  readonly values: readonly number[]
  /** Taken in the same rounds; the ratio is of the medians. */
  readonly against?: { readonly what: string; readonly values: readonly number[] }
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Three digits are as many as a shared machine is good for. */
const shown = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en')

const row = ({ what, unit, values, against }: Row): string => {
  const all = values.map(shown).join(', ')
  const compared = against
    ? `${shown(median(against.values))} ${unit} (${against.what}) | ×${(median(values) / median(against.values)).toFixed(2)}`
    : ' | '
  return `| ${what} | ${shown(median(values))} ${unit} | ${compared} | ${all} |`
}

/** As it stands in the documents. */
export const table = (rows: readonly Row[]): string =>
  ['| | median | against | ratio | rounds |', '|---|---|---|---|---|', ...rows.map(row)].join('\n')

export const rounds = Number(process.env['ROUNDS'] ?? 3)

/** Rounds alternate between what is compared, so that all of it sees the same machine. */
export const alternate = async (count: number, ...runs: readonly (() => Promise<void>)[]): Promise<void> => {
  for (let round = 0; round < count; round++) for (const run of runs) await run()
}
