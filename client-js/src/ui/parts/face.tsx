/** Owns the round sign that stands for a person: initials on a colour that follows from the name. */
import { hueOf, initials } from '../format.ts'

export const Avatar = ({ name, large }: { name: string; large?: boolean }) => (
  <span class={`face hue-${hueOf(name)}${large ? ' face-large' : ''}`} aria-hidden="true">
    {initials(name)}
  </span>
)
