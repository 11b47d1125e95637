import { Route, Routes } from 'react-router'
import { NotFound } from '@/shell/NotFound'

/** The officers' pages, under /can-bo; everything here and below is loaded only for officers. */
export default function Officer() {
  return (
    <Routes>
      <Route path="*" element={<NotFound />} />
    </Routes>
  )
}
