/**
 * A name that a room has in its link: letters and digits with hyphens between them, in small letters, so that it reads the
 * same however somebody types it, and no messenger takes a part of it for the end of a sentence. Pure.
 */

/** Longer than what anybody would say on the phone. */
const linkNameUnitsMax = 60

/** Null where nothing is left, or too much. Marks stay with their letters: accents, and vowels of Indic scripts. */
export const linkNameOf = (text: string): string | null => {
  const name = text
    .normalize('NFC')
    .toLowerCase()
    // Lower case may take the accents apart again.
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
  return name === '' || name.length > linkNameUnitsMax ? null : name
}
