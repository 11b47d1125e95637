/** What only officers read; loaded with their pages. */
const officer = {
  title: 'Nơi làm việc của cán bộ',
}

export default officer
