/** Owns which language the page speaks. Views take their words from here. */
import { en, type Texts } from './texts/en.ts'

export const text: Texts = en
