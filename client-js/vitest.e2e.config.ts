/**
 * Browser tests: real pages in Chromium and Firefox, against the server named by SERVER_BIN. A file's name says in which
 * browsers it runs: `*.e2e.ts` in Chromium, `*.both.e2e.ts` in each of the two, and `*.pairs.e2e.ts` between the two,
 * where the people of a test come from one and the other in turn, and each of the two is first once: the first one makes the
 * room. Where the server is the host that makes no difference, and once is enough. ENGINES=firefox runs any file there.
 */
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What keeps both cores of a small machine busy: calls, large files, many people at once. Beside others their calls starve in
 * relays and floods beyond what they are given.
 */
const busy = [
  'calls',
  'crash',
  'cuts',
  'direct-calls',
  'files-large',
  'files',
  'hostile',
  'mesh',
  'networks',
  'nodes',
  'others',
  'phone',
  'safari',
  'star',
  'thin',
  'tiles',
  'uplinks',
  'weight',
  'sockets/signals',
  'sockets/slow',
].map(name => `e2e/${name}.e2e.ts`)

const cores = availableParallelism()

const within = (engines: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: {
    name: engines,
    include,
    exclude,
    env: { ENGINES: engines },
    // One more than there are cores: they mostly wait.
    maxWorkers: cores + 1,
    sequence: { groupOrder: 1 },
  },
})

/** One after the other, apart from the rest, which mostly waits. */
const alone = (engines: string, include: string[]) => ({
  extends: true as const,
  test: {
    name: `${engines} alone`,
    include,
    env: { ENGINES: engines },
    maxWorkers: Math.max(1, cores - 1),
    sequence: { groupOrder: 0 },
  },
})

/** Those that take a minute, the longest first: begun last, they would keep the others waiting. */
const slowest = [
  'sleep',
  'lifetime',
  'meetings',
  'hosted',
  'axe',
  'files-large',
  'calls',
  'uplinks',
  'networks',
  'chat',
  'cuts',
]

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = slowest.findIndex(name => basename(moduleId).startsWith(name))
      return at < 0 ? slowest.length : at
    }
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

const wanted = process.env['ENGINES']
const projects =
  wanted === undefined
    ? [
        alone('chromium', busy),
        alone('firefox,chromium', ['e2e/**/*.pairs.e2e.ts']),
        alone('chromium,firefox', ['e2e/**/!(hosted|sealed).pairs.e2e.ts']),
        within('chromium', ['e2e/**/!(*.pairs).e2e.ts'], busy),
        within('firefox', ['e2e/**/*.both.e2e.ts']),
      ]
    : [alone(wanted, ['e2e/**/*.e2e.ts'])]

export default defineConfig({
  test: {
    environment: 'node',
    testTimeout: 360_000,
    hookTimeout: 240_000,
    // What a test waits for may take its time on a small machine that does other things too, as with Playwright's own waiting.
    expect: { poll: { timeout: 120_000 } },
    sequence: { sequencer: SlowestFirst },
    projects,
  },
})
