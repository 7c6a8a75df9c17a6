export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" className="logo-ground" />
      <path
        d="M7 20.500V9c0-3 4.500-3 4.500 0v11.500m0-11.500c0-3 4.500-3 4.500 0v9.500c0 2.500 1.500 4 4 4h5m-3-3 3 3-3 3"
        className="logo-line"
      />
    </svg>
  );
}
