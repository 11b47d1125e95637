import { useEffect, useState } from 'react'

/** The clock of a page that stays open all day: once a minute is enough for deadlines. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
