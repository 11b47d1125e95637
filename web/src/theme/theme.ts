import {
  ActionIcon, Anchor, Button, Checkbox, createTheme, Input, InputWrapper, Modal, Radio, type CSSVariablesResolver, type MantineColorsTuple,
} from '@mantine/core'

/** Mantine wants ten shades as a tuple; the values are in tokens.css. */
const shades = (name: string): MantineColorsTuple =>
  Array.from({ length: 10 }, (_, i) => `var(--${name}-${i})`) as unknown as MantineColorsTuple

export const theme = createTheme({
  fontFamily: '"Be Vietnam Pro", system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", Menlo, monospace',
  headings: { fontWeight: '600', fontFamily: '"Be Vietnam Pro", system-ui, sans-serif' },
  colors: { lotus: shades('lotus'), action: shades('blue'), red: shades('red') },
  primaryColor: 'action',
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: '6px',
  spacing: { xs: '8px', sm: '8px', md: '16px', lg: '24px', xl: '32px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    Button: Button.extend({ defaultProps: { size: 'md' } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { size: 44, variant: 'subtle' } }),
    Anchor: Anchor.extend({ defaultProps: { underline: 'always' } }),
    Input: Input.extend({ defaultProps: { size: 'md' } }),
    InputWrapper: InputWrapper.extend({ defaultProps: { size: 'md', inputWrapperOrder: ['label', 'description', 'error', 'input'] } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: 'md' } }),
    Radio: Radio.extend({ defaultProps: { size: 'md' } }),
    Modal: Modal.extend({ defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.5 } } }),
  },
})

/** Mantine's own names, said in ours. Given for each scheme: its own sheet says some of them there, which would win. */
const ours = {
  '--mantine-color-body': 'var(--paper)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-soft)',
  '--mantine-color-anchor': 'var(--action)',
  '--mantine-color-error': 'var(--bad)',
  '--mantine-color-placeholder': 'var(--ink-soft)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--sunken)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-color-action-filled': 'var(--action)',
  '--mantine-color-action-filled-hover': 'var(--action-hover)',
  '--mantine-color-action-light': 'var(--action-soft)',
  '--mantine-color-action-light-color': 'var(--action)',
  '--mantine-color-action-outline': 'var(--action)',
  '--mantine-primary-color-contrast': 'var(--on-action)',
}

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: ours,
  // In the dark scheme Mantine draws menus, fields and dialogs with these.
  dark: {
    ...ours,
    '--mantine-color-white': 'var(--on-action)',
    '--mantine-color-dark-4': 'var(--line)',
    '--mantine-color-dark-5': 'var(--sunken)',
    '--mantine-color-dark-6': 'var(--surface)',
    '--mantine-color-dark-7': 'var(--paper)',
  },
})
