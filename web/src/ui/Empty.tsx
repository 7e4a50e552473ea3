import { Content, Heading, IllustratedMessage, View } from "@adobe/react-spectrum";
import NoSearchResults from "@spectrum-icons/illustrations/NoSearchResults";
import NotFound from "@spectrum-icons/illustrations/NotFound";
import type { ReactNode } from "react";
import styles from "./Empty.module.css";
import { KIND_ICONS, type Kind } from "./kindIcons";

interface Props {
  title: string;
  /** What to do next. */
  detail: ReactNode;
  action?: ReactNode;
  /** What there is none of; its picture is that of the navigation. */
  kind?: Kind;
  /** Nothing matched a search, rather than nothing being there. */
  isSearch?: boolean;
  /** What the address names is not there. */
  isMissing?: boolean;
}

/** Nothing is here yet; it says what to do next. */
export function Empty({ title, detail, action, kind, isSearch = false, isMissing = false }: Props) {
  return (
    <View paddingY="size-400">
      {kind && !isSearch && !isMissing && <Picture kind={kind} />}
      <IllustratedMessage>
        {isSearch ? <NoSearchResults /> : isMissing ? <NotFound /> : null}
        <Heading level={2}>{title}</Heading>
        <Content>{detail}</Content>
      </IllustratedMessage>
      {action && <div style={{ display: "flex", justifyContent: "center", marginTop: 16 }}>{action}</div>}
    </View>
  );
}

function Picture({ kind }: { kind: Kind }) {
  const Icon = KIND_ICONS[kind];
  return (
    <div className={styles.picture} data-kind={kind} aria-hidden="true">
      <Icon />
    </div>
  );
}
