/** Owns who is speaking, from how loud everybody is: on with the first loud moment, off after a pause for breath. Pure. */

/** As loud as this, of 1, is a voice; below it are fans and keyboards. */
const voiceLevel = 0.015
const breathMs = 700

export class SpeakingDetector<Id> {
  readonly #heardMs = new Map<Id, number>()

  /** Who speaks now. Whoever is missing from the levels is forgotten. */
  update(levels: ReadonlyMap<Id, number>, nowMs: number): ReadonlySet<Id> {
    for (const id of [...this.#heardMs.keys()]) if (!levels.has(id)) this.#heardMs.delete(id)
    for (const [id, level] of levels) if (level >= voiceLevel) this.#heardMs.set(id, nowMs)
    return new Set([...this.#heardMs].filter(([, heard]) => nowMs - heard < breathMs).map(([id]) => id))
  }
}
