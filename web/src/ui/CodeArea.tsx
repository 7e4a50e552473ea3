import { type SpectrumTextAreaProps, TextArea } from "@adobe/react-spectrum";
import styles from "./Code.module.css";

/** A field of several lines for JSON and the like: what is in it, and not its label, stands in the font of code. */
export function CodeArea(props: SpectrumTextAreaProps) {
  return <TextArea width="100%" {...props} UNSAFE_className={styles.area} />;
}
