// The Bootstrap icons that pages use: name one here, then {{ ui.icon("name") }}.
export const ICONS = [
  "activity", "arrow-down", "arrow-down-up", "arrow-left", "arrow-right", "arrow-up", "award",
  "bar-chart", "bell", "book", "box-arrow-right", "box-arrow-up-right", "bug", "calendar-event",
  "caret-down-fill", "caret-up-fill", "chat", "check-circle", "check-lg", "chevron-down",
  "chevron-left", "chevron-right", "circle", "circle-half", "clipboard", "clock", "cloud-upload",
  "code-slash", "cpu", "database", "diagram-3", "download", "envelope", "exclamation-triangle",
  "eye", "eye-slash", "file-earmark-code", "file-earmark-zip", "filter", "flag", "folder2-open",
  "gear", "graph-up", "grid", "hourglass-split", "house", "info-circle", "journal-code", "key",
  "keyboard", "lightbulb", "link-45deg", "list", "list-ol", "lock", "memory", "moon-stars",
  "pause-circle", "pencil", "people", "person", "person-circle", "person-plus", "play-fill",
  "plus-lg", "question-circle", "rocket-takeoff", "search", "send", "shield-check", "shuffle",
  "sliders", "speedometer2", "star", "star-fill", "stop-circle", "sun", "table", "terminal",
  "trash", "trophy", "unlock", "x-circle", "x-lg",
];
