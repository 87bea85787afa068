// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

interface IERC20 {
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// @notice A savings vault (EIP-4626): savers hold shares of what is in it, and pay others out of it by signature.
/// @dev It has three flaws on purpose. Each is marked FLAW.
contract SavingsVault {
    string public name;
    string public symbol;
    uint8 public constant decimals = 6;
    IERC20 public immutable asset;

    /// @notice May unpause.
    address public immutable owner = msg.sender;
    /// @notice May pause, and nothing else.
    address public immutable guardian;
    /// @notice Invests what lies idle.
    address public strategist;
    bool public paused;

    uint256 public totalSupply;
    mapping(address saver => uint256 shares) public balanceOf;
    mapping(address saver => mapping(address spender => uint256 shares)) public allowance;

    bytes32 public constant PAYMENT_TYPE =
        keccak256("Payment(address saver,address to,uint256 assets,uint256 deadline)");
    bytes32 public immutable domainSeparator = keccak256(
        abi.encode(
            keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
            keccak256("SavingsVault"),
            block.chainid,
            address(this)
        )
    );

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );
    event Paused(address account);
    event Unpaused(address account);

    modifier whenNotPaused() {
        require(!paused, "paused");
        _;
    }

    constructor(IERC20 asset_, address guardian_, string memory name_, string memory symbol_) {
        asset = asset_;
        guardian = guardian_;
        name = name_;
        symbol = symbol_;
        strategist = msg.sender;
    }

    function pause() external whenNotPaused {
        require(msg.sender == guardian, "not the guardian");
        paused = true;
        emit Paused(msg.sender);
    }

    function unpause() external {
        require(msg.sender == owner, "not the owner");
        paused = false;
        emit Unpaused(msg.sender);
    }

    // savers

    /// @dev FLAW (share inflation): what is merely sent here counts. Whoever has the first share can make it so dear that
    /// the next deposit is rounded down to nothing, or nearly so.
    function totalAssets() public view returns (uint256) {
        return asset.balanceOf(address(this));
    }

    function convertToShares(uint256 assets) public view returns (uint256) {
        return totalSupply == 0 ? assets : assets * totalSupply / totalAssets();
    }

    function convertToAssets(uint256 shares) public view returns (uint256) {
        return totalSupply == 0 ? shares : shares * totalAssets() / totalSupply;
    }

    function maxWithdraw(address saver) external view returns (uint256) {
        return convertToAssets(balanceOf[saver]);
    }

    function deposit(uint256 assets, address receiver) external whenNotPaused returns (uint256 shares) {
        shares = convertToShares(assets);
        asset.transferFrom(msg.sender, address(this), assets);
        _mint(receiver, shares);
        emit Deposit(msg.sender, receiver, assets, shares);
    }

    function redeem(uint256 shares, address receiver, address saver) external whenNotPaused returns (uint256 assets) {
        if (msg.sender != saver) allowance[saver][msg.sender] -= shares;
        assets = convertToAssets(shares);
        _payOut(saver, receiver, assets, shares);
    }

    /// @notice Pays `to` out of the savings of `saver`, who has signed it; anybody may hand it in.
    /// @dev FLAW (signature replay): nothing marks a payment as made, so the same signature pays again until the deadline.
    function pay(address saver, address to, uint256 assets, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        whenNotPaused
    {
        require(block.timestamp <= deadline, "too late");
        bytes32 payment = keccak256(abi.encode(PAYMENT_TYPE, saver, to, assets, deadline));
        address signer = ecrecover(keccak256(abi.encodePacked("\x19\x01", domainSeparator, payment)), v, r, s);
        require(signer != address(0) && signer == saver, "not signed by the saver");
        uint256 shares = convertToShares(assets);
        if (convertToAssets(shares) < assets) shares++;
        _payOut(saver, to, assets, shares);
    }

    // the strategist

    /// @dev FLAW (access control): nobody is asked who they are.
    function setStrategist(address strategist_) external {
        strategist = strategist_;
    }

    /// @notice Moves what lies idle to where it earns.
    function invest(address to, uint256 assets) external whenNotPaused {
        require(msg.sender == strategist, "not the strategist");
        asset.transfer(to, assets);
    }

    // shares

    function approve(address spender, uint256 shares) external returns (bool) {
        allowance[msg.sender][spender] = shares;
        emit Approval(msg.sender, spender, shares);
        return true;
    }

    function transfer(address to, uint256 shares) external returns (bool) {
        _move(msg.sender, to, shares);
        return true;
    }

    function transferFrom(address from, address to, uint256 shares) external returns (bool) {
        allowance[from][msg.sender] -= shares;
        _move(from, to, shares);
        return true;
    }

    function _move(address from, address to, uint256 shares) private {
        balanceOf[from] -= shares;
        balanceOf[to] += shares;
        emit Transfer(from, to, shares);
    }

    function _mint(address to, uint256 shares) private {
        totalSupply += shares;
        balanceOf[to] += shares;
        emit Transfer(address(0), to, shares);
    }

    function _payOut(address saver, address receiver, uint256 assets, uint256 shares) private {
        balanceOf[saver] -= shares;
        totalSupply -= shares;
        emit Transfer(saver, address(0), shares);
        asset.transfer(receiver, assets);
        emit Withdraw(msg.sender, receiver, saver, assets, shares);
    }
}
