"""What every room needs and no room owns: money, clock, access, audit, storage, jobs, files, pages."""
