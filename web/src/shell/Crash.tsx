import { Button } from '@mantine/core'
import i18next from 'i18next'
import { Component, type ReactNode } from 'react'

/** The last resort: a page that broke says so and offers the one thing that helps. */
export class Crash extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError() {
    return { broken: true }
  }

  override render() {
    if (!this.state.broken) return this.props.children
    return (
      <main className="page" id="content">
        <h1>{i18next.t('problem.crash_title')}</h1>
        <p>{i18next.t('problem.crash_text')}</p>
        <Button onClick={() => window.location.reload()}>{i18next.t('problem.reload')}</Button>
      </main>
    )
  }
}
