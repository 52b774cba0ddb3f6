/** Owns how a piece in another direction is kept from turning the sentence around it, where there is no element for it. */
export const isolated = (piece: string): string => `\u2068${piece}\u2069`

/** For what is written from left to right wherever it stands: addresses, units. */
export const leftToRight = (piece: string): string => `\u2066${piece}\u2069`
