/** Owns the mark of how well somebody is received: three bars, and words for those who do not see them. */
import type { Quality } from '../../../call/state.ts'
import { text } from '../../text.ts'

const bars: Record<Quality, number> = { good: 3, fair: 2, poor: 1 }

export const QualityMark = ({ quality }: { quality: Quality }) => (
  <svg
    class={`quality quality-${quality}`}
    viewBox="0 0 14 12"
    role="img"
    aria-label={text().call.qualities[quality]}
  >
    <title>{text().call.qualities[quality]}</title>
    {[1, 2, 3].map(step => (
      <rect
        key={step}
        class={step <= bars[quality] ? 'quality-bar' : 'quality-bar quality-missing'}
        x={(step - 1) * 5}
        y={12 - step * 4}
        width="3.5"
        height={step * 4}
        rx="1"
      />
    ))}
  </svg>
)
