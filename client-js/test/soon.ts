/** For what comes in its own time: a machine may have much else to do. */
import { vi } from 'vitest'

export const soon = (expectation: () => void): Promise<void> => vi.waitFor(expectation, { timeout: 20_000 })
