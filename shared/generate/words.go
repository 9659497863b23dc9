package generate

// The words that names are put together from.
var (
	syllables   = []string{"ba", "cor", "dan", "el", "fra", "gil", "han", "ir", "jo", "kam", "lin", "mar", "no", "ost", "per", "quin", "ros", "sol", "ta", "ur", "vel", "wen", "yan", "zim"}
	sites       = []string{"ber", "lon", "nyc", "par", "sgp", "tyo", "syd", "mad"}
	services    = []string{"svc-backup", "svc-deploy", "svc-scan", "svc-sync", "svc-monitor", "svc-report", "svc-mail", "svc-index"}
	shares      = []string{"Finance", "Projects", "HumanResources", "Engineering", "Legal", "Marketing", "Operations", "Archive", "Profiles$", "Software"}
	folders     = []string{"2024", "2025", "Budget", "Contracts", "Customer documents", "Drafts", "Final versions", "Invoices", "Minutes of meetings", "Offers and quotations", "Planning", "Presentations", "Protocols", "Quarterly reports", "Reviews", "Scans", "Specifications", "Templates", "Transfer", "Travel expenses", "Working copies", "Übergabe", "Données", "レポート"}
	stems       = []string{"annual-report", "balance-sheet", "board-minutes", "checklist", "customer-list", "delivery-note", "design-review", "export", "forecast", "inventory", "invoice", "measurement", "meeting-notes", "offer", "payroll", "price-list", "project-plan", "protocol", "requirements", "summary"}
	extensions  = []string{"docx", "xlsx", "pdf", "pptx", "txt", "csv", "msg", "zip", "dwg", "json"}
	units       = []string{"Accounts", "Administration", "Engineering", "Finance", "Operations", "Sales", "Service", "Workstations"}
	groups      = []string{"Backup Operators", "Budget Approvers", "Domain Admins", "File Server Readers", "Helpdesk", "Project Leads", "Remote Desktop Users", "Payroll Editors"}
	databases   = []string{"Billing", "Inventory", "Orders", "Payroll", "Reporting", "Warehouse"}
	tables      = []string{"dbo.Customer", "dbo.Invoice", "dbo.InvoiceLine", "dbo.Payment", "dbo.Product", "dbo.Shipment", "sales.Order", "sales.OrderLine"}
	accesses    = []string{"READ_CONTROL, SYNCHRONIZE, ReadData (or ListDirectory), ReadEA, ReadAttributes", "SYNCHRONIZE, WriteData (or AddFile), AppendData (or AddSubdirectory), WriteEA, WriteAttributes", "DELETE, READ_CONTROL, SYNCHRONIZE, ReadAttributes", "WRITE_DAC, WRITE_OWNER, READ_CONTROL, SYNCHRONIZE"}
	rights      = []string{"Full control", "Modify", "Read and execute", "List folder contents", "Read", "Write", "No access"}
	programs    = []string{`C:\Windows\System32\svchost.exe`, `C:\Windows\explorer.exe`, `C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`, `C:\Program Files\Backup Agent\bin\agent.exe`, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`}
	registry    = []string{`SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`, `SOFTWARE\Microsoft\Windows\CurrentVersion\Run`, `SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate`, `SYSTEM\CurrentControlSet\Control\Lsa`, `SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache`}
	failures    = []string{"Unknown user name or bad password", "Account locked out", "Account currently disabled", "The user has not been granted the requested logon type at this machine"}
	logonTypes  = []string{"Network", "Interactive", "RemoteInteractive", "Service", "Batch"}
	packages    = []string{"Kerberos", "Negotiate", "NTLM V2"}
	attributes  = []string{"Department", "Description", "Display name", "Office", "Telephone number", "Title", "User account control"}
	accountBits = []string{"Normal account", "Normal account; Password never expires", "Disabled; Normal account", "Normal account; Smart card required"}
)
