import { Component, type ReactNode } from "react";
import { ErrorNotice } from "./ErrorNotice";

/** Keeps a fault of one part, such as a piece that could not be loaded while the server is gone, from taking the page. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <ErrorNotice error={this.state.error} />;
  }
}
