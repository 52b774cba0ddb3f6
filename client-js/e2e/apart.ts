/**
 * Processes that get their own part of a busy machine. Linux gives every session of processes the same part of it (the
 * autogroups of sched(7)). The browsers have sessions of their own; a server in that of the tests gets what these leave of
 * theirs, which is next to nothing at times, and calls through it stop for seconds.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

const running = new Set<ChildProcess>()
let endsWithTests = false

const endAll = (): void => {
  for (const child of running) child.kill('SIGKILL')
}

/** A terminal does not tell another session that the tests are broken off. */
const endWithTests = (): void => {
  if (endsWithTests) return
  endsWithTests = true
  process.once('exit', endAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      endAll()
      process.kill(process.pid, signal)
    })
}

/** As `spawn`, in a session of its own that ends with these tests at the latest. */
export const spawnApart = (
  command: string,
  words: readonly string[],
  options: SpawnOptions,
): ChildProcess => {
  endWithTests()
  const child = spawn(command, words, { ...options, detached: true })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}
