import './style/tokens.css'
import './style/base.css'
import './style/layout.css'
import './style/controls.css'
import './style/pieces.css'
import './style/tables.css'
import './style/charts.css'
import './style/screens.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Provider } from 'urql'
import { App } from './app.tsx'
import { client } from './client.ts'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Provider value={client}>
      <App />
    </Provider>
  </StrictMode>,
)
