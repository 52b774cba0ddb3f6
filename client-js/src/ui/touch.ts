/** Owns whether fingers do the pointing: then there is no hovering, and a keyboard comes up with every field. */
export const isTouch = (): boolean => matchMedia('(hover: none) and (pointer: coarse)').matches
