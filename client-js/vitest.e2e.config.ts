/**
 * Browser tests: real pages in Chromium and Firefox, against the server named by SERVER_BIN. A file's name says in which
 * browsers it runs: `*.e2e.ts` in Chromium, `*.both.e2e.ts` in each of the two, and `*.pairs.e2e.ts` between the two,
 * where the people of a test come from one and the other in turn. ENGINES=firefox runs any file there.
 */
import { defineConfig } from 'vitest/config'

const within = (engines: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name: engines, include, exclude, env: { ENGINES: engines } },
})

/** These wait most of the time, for cuts to be noticed and for time to pass: two at once find room on two cores. */
const patient = ['e2e/sockets/*.e2e.ts', 'e2e/{crash,cuts,doors,grace,lifetime,proxies,sleep}.e2e.ts']
const together = {
  extends: true as const,
  test: {
    name: 'patient',
    include: patient,
    env: { ENGINES: 'chromium' },
    fileParallelism: true,
    maxWorkers: 2,
    // Not beside the others, which have the cores for themselves.
    sequence: { groupOrder: 1 },
  },
}

const wanted = process.env['ENGINES']
const projects =
  wanted === undefined
    ? [
        within('chromium', ['e2e/**/!(*.pairs).e2e.ts'], patient),
        within('firefox', ['e2e/**/*.both.e2e.ts']),
        within('firefox,chromium', ['e2e/**/*.pairs.e2e.ts']),
        within('chromium,firefox', ['e2e/**/*.pairs.e2e.ts']),
        together,
      ]
    : [within(wanted, ['e2e/**/*.e2e.ts'])]

export default defineConfig({
  test: {
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What a test waits for may take its time on a small machine, as with Playwright's own waiting.
    expect: { poll: { timeout: 30_000 } },
    fileParallelism: false,
    projects,
  },
})
