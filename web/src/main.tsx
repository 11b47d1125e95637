import '@fontsource/be-vietnam-pro/vietnamese-400.css'
import '@fontsource/be-vietnam-pro/latin-400.css'
import '@fontsource/be-vietnam-pro/vietnamese-600.css'
import '@fontsource/be-vietnam-pro/latin-600.css'
import './theme/mantine.css'
import './theme/tokens.css'
import './theme/base.css'

import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router'
import { queryClient } from './api/hooks'
import { startLanguage } from './i18n'
import { Crash } from './shell/Crash'
import { App } from './shell/App'
import { theme, variables } from './theme/theme'

await startLanguage()

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        <QueryClientProvider client={queryClient}>
          <Crash>
            <BrowserRouter>
              <App />
            </BrowserRouter>
          </Crash>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
